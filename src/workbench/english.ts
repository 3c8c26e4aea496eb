import { panelStrings } from './panelStrings.ts';

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

  'failure.invalid-recipe': 'This is not a valid recipe.',
  'failure.invalid-recipe/not-a-recipe': 'A recipe must be a JSON object with a list of images.',
  'failure.invalid-recipe/no-images': 'There is no image to mix. Add at least one.',
  'failure.invalid-recipe/nothing-enabled': 'No image is switched on. Switch on at least one.',
  'failure.invalid-recipe/no-weight': 'Every weight is 0. Give at least one image a weight above 0.',
  'failure.invalid-recipe/too-many-images':
    'There are {count} images, and this engine takes at most {max}. Remove some or switch them off.',
  'failure.invalid-recipe/prompt-required': 'The hosted service needs a prompt. Say what the picture should show.',
  'failure.invalid-recipe/out-of-range': '{field} is {value}. Enter a number from {min} to {max}.',
  'failure.invalid-recipe/bad-value': '{field} can not be {value}. Correct it in the recipe.',
  'failure.invalid-recipe/bad-source': 'The source {value} is neither a path nor an http(s) address. Use one of these.',
  'failure.invalid-recipe/no-file': 'The recipe {file} can not be read. Check that it exists.',
  'failure.invalid-recipe/no-json': 'The recipe {file} is not valid JSON: {detail}',
  'failure.invalid-recipe/none-in-image': 'This picture carries no recipe. Only pictures saved by Image Mixer do.',

  'failure.unsupported-image': '{format} can not be read. Save it as PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG.',
  'failure.unsupported-image/not-an-image-file':
    'It does not look like an image by its name and was left out. Use PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG.',
  'failure.unsupported-image/not-a-picture':
    'The file is no picture, whatever its name says. Use PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG.',
  'failure.unsupported-image/url-no-picture':
    'What {url} answers with is no picture. Use the address of the picture itself, not of a page that shows it.',
  'failure.unreadable-image': 'The picture can not be read. Check the file, or replace it.',
  'failure.unreadable-image/empty': 'The file is empty. Replace it.',
  'failure.unreadable-image/missing': 'The file is not there any more. Put it back, or remove the image from the mix.',
  'failure.unreadable-image/folder': 'This is a folder. Choose a picture in it.',
  'failure.unreadable-image/no-file': 'This is no regular file. Choose a picture.',
  'failure.unreadable-image/denied': 'The file may not be read. Check its permissions.',
  'failure.unreadable-image/read-error': 'The file could not be read to its end. Check the disk or the network drive.',
  'failure.unreadable-image/truncated':
    'The picture is cut off: a part of the file is missing. Replace it with a whole copy.',
  'failure.unreadable-image/damaged':
    'The picture is damaged, or of a rare kind. Save it anew in another program, then try again.',
  'failure.unreadable-image/decoder-hung':
    'The picture took longer than {seconds} s to read and was given up. Use a smaller or simpler copy.',
  'failure.unreadable-image/decoder-crashed': 'The picture brought its decoder down. Save it anew in another program.',
  'failure.unreadable-image/no-decoder': 'The part that reads pictures did not start. Reload the window and try again.',
  'failure.unreadable-image/url-status': '{url} answers with HTTP {status}. Check the address.',
  'failure.image-too-large':
    'The picture has too many pixels to be opened safely. Use a copy of at most 100 megapixels.',
  'failure.image-too-large/bytes': 'The file has {megabytes} MB; at most {max} MB are read. Use a smaller copy.',
  'failure.blocked-address/result':
    'The service names {link} as the picture, which is on this machine or a private network and is not fetched. To allow it, turn on imageMixer.images.allowPrivateAddresses in your user settings.',
  'failure.blocked-address':
    'The address {host} is on this machine or a private network and is not fetched. To allow it, turn on imageMixer.images.allowPrivateAddresses in your user settings.',
  'failure.untrusted-workspace':
    'In Restricted Mode only the local engine runs, on images you pick yourself. Trust the workspace to do this.',
  'failure.untrusted-workspace/network':
    'In Restricted Mode no image is fetched from the web. Trust the workspace, or use a file.',
  'failure.upload-not-allowed':
    'Images of this workspace may not be uploaded to the hosted service. Allow it when asked or in imageMixer.hosted.uploads, or give the images by URL.',
  'failure.no-api-key':
    'No API key is stored for {origin}. Run “Image Mixer: Set API Key”, or choose the local engine. You get a key from your account at the service.',
  'failure.invalid-api-key':
    'The service does not accept the API key for {origin}. Check the key in your account there and run “Image Mixer: Set API Key”.',
  'failure.invalid-request': 'The service refused the request: {message}. Correct it, then mix again.',
  'failure.invalid-request/refused': 'The service refused the request: {message}',
  'failure.invalid-request/image-not-fetched':
    'The service could not fetch one of the images ({message}). Check that the URLs can be opened by anyone, then mix again.',
  'failure.invalid-request/unexpected': 'Something unexpected went wrong. The log has more.',
  'failure.invalid-request/bad-options': 'The options must be { outputFolder?: Uri, engine?: "hosted" | "local" }.',
  'failure.insufficient-credits':
    'Your account at {origin} has too few credits for this mix. Buy credits there, then mix again.',
  'failure.plan-required':
    'Your plan at {origin} does not include this. Choose a plan there that does, then mix again.',
  'failure.rate-limited': 'The service takes no more requests just now ({message}). Wait {seconds} s, then mix again.',
  'failure.rate-limited/duplicate':
    'The service takes the same request only every {seconds} s. Wait, or change the seed, then mix again.',
  'failure.service-unavailable':
    'The service is not available just now ({message}). The request was not repeated; try again later.',
  'failure.generation-failed': 'The picture could not be made. Try again, with another seed if it happens again.',
  'failure.generation-failed/internal': 'Something unexpected went wrong: {detail}. Try again; the log has more.',
  'failure.generation-failed/mixer-failed': 'The local mix failed. Try again; if it happens again, the log has more.',
  'failure.generation-failed/mixer-crashed':
    'The local mix ran out of memory or broke down. Try a smaller size or fewer images.',
  'failure.result-unavailable': 'The picture was made, but can not be fetched. Choose “Check again”.',
  'failure.result-unavailable/no-pictures':
    'The service says it is done, but names no picture. Choose “Check again”; if there is none then, ask the service.',
  'failure.result-unavailable/not-found':
    'The service no longer knows this mix ({message}). Results are kept there for a day at most; mix again.',
  'failure.result-unavailable/network': 'The picture was made, but {link} can not be reached. Choose “Check again”.',
  'failure.result-unavailable/unreadable-image':
    'The picture was made, but what {link} gives can not be read. Choose “Check again”.',
  'failure.result-unavailable/unsupported-image': 'What {link} gives is no picture. Choose “Check again”.',
  'failure.result-unavailable/image-too-large': 'The picture at {link} is too large to be fetched safely.',
  'failure.result-unavailable/forgotten': 'This result is no longer in the list.',
  'failure.unexpected-response':
    '{origin} gave an answer that can not be understood. Try again later; if it stays so, the service has changed.',
  'failure.unexpected-response/no-endpoint':
    '{origin} has no Image Mixer at this address (HTTP {status}). Check imageMixer.hosted.baseUrl and imageMixer.hosted.dialect.',
  'failure.unexpected-response/html':
    '{origin} answered with a web page instead of data (HTTP {status}). Check imageMixer.hosted.baseUrl.',
  'failure.unexpected-response/no-link': '{origin} took the upload but gave no link to it. Try again later.',
  'failure.unexpected-response/too-large': '{origin} gave an answer too large to be read. Try again later.',
  'failure.unexpected-response/redirected':
    '{origin} sends the request on to {target}. The key is not sent there; check imageMixer.hosted.baseUrl.',
  'failure.interrupted/gateway-error':
    'A gateway of {origin} answered instead of the service, so it is not known whether the picture was made and charged. Look into your account there before you mix again.',
  'failure.interrupted/no-answer':
    '{origin} took the request and did not answer in time, so it is not known whether the picture was made and charged. Look into your account there before you mix again.',
  'failure.interrupted/restarted':
    'The window closed while the request was on its way, so it is not known whether {origin} made and charged the picture. Look into your account there before you mix again.',
  'failure.interrupted/state-lost':
    'What was noted of this mix can not be read any more, so it is not known whether the picture was made and charged. Look into your account at the service before you mix again.',
  'failure.interrupted':
    'The connection broke after the request was sent, so it is not known whether the service made and charged the picture. Look into your account there before you mix again.',
  'failure.timeout':
    'The service did not finish within {seconds} s. It may still do so: choose “Check again”. Nothing is paid twice by that.',
  'failure.network': '{host} can not be reached. Check the connection and the proxy settings, then try again.',
  'failure.network/refused':
    '{host} refuses the connection. Check the address, the proxy settings and whether the service runs.',
  'failure.network/bad-base-url':
    'imageMixer.hosted.baseUrl is no usable address. Enter one that begins with https:// and ends in /api.',
  'failure.network/insecure-base-url':
    'imageMixer.hosted.baseUrl is plain http, and a key may not travel so. Use https (http is for this machine only).',
  'failure.network/dns': 'The name {host} is not known. Check the address and the connection.',
  'failure.network/timeout': '{host} does not answer in time. Try again later.',
  'failure.network/certificate':
    'The certificate of {host} is not trusted, so nothing was sent. If your network inspects connections, have its certificate added to those of the system, or name it in NODE_EXTRA_CA_CERTS and restart.',
  'failure.network/bad-proxy':
    '{setting} is no address of a proxy that can be used. Enter one that begins with http:// or https://, or remove it.',
  'failure.network/proxy-auth':
    'The proxy asks for authorization, or does not accept what it was given (HTTP 407). Enter it in http.proxyAuthorization, or in the address of the proxy, as http://user:password@host.',
  'failure.network/proxy-refused':
    'The proxy {proxy} does not connect to {host} (HTTP {status}). Ask whoever runs the proxy, or list {host} in http.noProxy.',
  'failure.network/proxy-unreachable':
    'The proxy {proxy}, which leads to {host}, can not be reached. Check http.proxy, or HTTPS_PROXY and HTTP_PROXY of the environment.',
  'failure.network/connection': 'The connection to {host} broke. Check the network, then try again.',
  'failure.network/redirects': '{url} leads from one address to the next without end. Use the final address.',
  'failure.network/url-status': '{host} answers with HTTP {status}. Try again later.',
  'failure.save-failed': 'The picture can not be saved in {path}. Check that the folder can be written to.',
  'failure.save-failed/storage':
    'The notes about the job can not be written ({detail}), so it was not started. Check the disk, then try again.',
  'failure.save-failed/exists': 'There is a file at {path} already, and it is never written over. Try again.',
  'failure.save-failed/disk-full': 'The disk is full: {path} was not saved. Make room, then try again.',
  'failure.save-failed/read-only':
    'The folder of {path} may not be written to. Change its permissions or imageMixer.output.folder, then try again.',
  'failure.save-failed/no-folder': 'The folder of {path} can not be made: something else is in its place.',
  'failure.save-failed/write-error': '{path} could not be written ({detail}). Try again.',
  'failure.save-failed/folder-outside':
    'The folder {folder} lies outside the workspace folder. Choose one inside it in imageMixer.output.folder.',
  'failure.save-failed/not-deleted': '{path} can not be deleted ({detail}). Check its permissions.',

  'notice.unknown-key': 'The recipe has an unknown key, {key}. It was kept and had no effect.',
  'notice.ignored': 'This engine ignores the {part}.',
  'notice.steps-over-limit': 'Steps are {value}; the service documents at most {max}. They were sent as they are.',

  'notice.fewer-pictures': 'The service made {count} of {asked} pictures.',
  'notice.blank-picture':
    'Picture {number} is blank: the service blocks what it takes for unsafe content. Change the prompt or the images.',

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
