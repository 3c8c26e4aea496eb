import { panelStrings } from '../../protocol/panelStrings.ts';

/** Every sentence of the extension in English, by id. `failure.CODE/REASON` is more exact than `failure.CODE`; `{name}` is filled in. */
export const english = {
  ...panelStrings,

  'field.width': 'Width',
  'field.height': 'Height',
  'field.steps': 'Steps',
  'field.guidanceScale': 'Guidance scale',
  'field.seed': 'Seed',
  'field.samples': 'Samples',
  'field.weight': 'Weight',
  'field.weights': 'weights',
  'field.prompt': 'prompt',
  'field.negativePrompt': 'negative prompt',
  'field.images': 'Images',

  unexpected: 'Something unexpected went wrong: {detail}. The log has more.',





  'pick.title': 'Add images to the mix',
  'pick.placeholder': 'Type to search; choose one or more',
  'pick.browse': 'Browse…',
  'pick.open': 'Add to mix',
  'pick.replaceTitle': 'Replace the image',
  'pick.placeholderOne': 'Type to search; choose one',
  'pick.replace': 'Replace',
  'prompts.title': 'Earlier prompts',
  'prompts.placeholder': 'Type to search; choose the one to use again',
  'prompts.none': 'Prompts are kept here once a mix was made with them',
  'url.title': 'Add an image by URL',
  'url.prompt': 'Address of a picture, http or https',
  'url.invalid': 'Enter an address that begins with https:// or http://',
  'key.title': 'API key of the hosted service',
  'key.prompt': 'Key for {origin}, from your account there. It is kept in the secret storage of VS Code.',
  'key.invalid': 'A key is one word of plain characters.',
  'key.stored':
    'The API key for {origin} is stored. Mixes now run on the hosted service unless the setting imageMixer.engine says otherwise.',
  'key.cleared': 'The API key for {origin} is removed.',
  'upload.question': 'Upload images of this workspace to {origin}?',
  'upload.detail':
    'The service needs them to make the mix. They are sent scaled down and without EXIF or GPS data. You are asked once in this workspace.',
  'upload.allow': 'Upload',
  'run.title': 'Mixing',
  'run.pick': 'Run a mix recipe',
  'run.noRecipes': 'There is no recipe (*.mix.json) in this workspace. “Image Mixer: New Recipe” makes one.',
  'progress.of': '{done} of {total}',
  'progress.eta': 'about {seconds} s left',
  'job.cancelledHosted': 'Cancelled. The service can not be told to stop: it may finish the work and charge for it.',
  'status.tooltip': '{name}: open Image Mixer',
  'result.copied': 'Path copied',
  'result.deleteQuestion': 'Delete {name} for good?',
  'result.deleteDetail': 'It can not be moved to the bin here, so there is no way to bring it back.',
  'result.deleteForGood': 'Delete',
  'results.none': 'There are no results to clear.',
  'results.clearQuestion': 'Clear the list of results? It has {count}.',
  'results.clearDetail': 'The pictures stay in your project.',
  'results.clearDetailStored':
    'Pictures in a project stay there. {count} were made without an open folder and are deleted for good.',
  'results.clear': 'Clear',
  'announce.done': 'Image Mixer saved {name}.',
  'announce.doneMany': 'Image Mixer saved {count} pictures, {name} first.',
  'announce.reveal': 'Reveal',
  'announce.saveAs': 'Save As…',
  'announce.setApiKey': 'Set API Key',
  'announce.openAccount': 'Open Account',
  'announce.showLog': 'Show Log',
} as const;
