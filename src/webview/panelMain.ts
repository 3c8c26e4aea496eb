import { ContextProvider } from '@lit/context';
import { Channel, type Port } from '../protocol/channel.ts';
import { hostContract, panelContract } from '../protocol/contract.ts';
import { DraftPreview } from './draftPreview.ts';
import { DraftSaver } from './model/draftSaver.ts';
import { Formats } from './model/formats.ts';
import { type HostChannel, messageOf, PanelActions } from './model/panelActions.ts';
import { PanelModel } from './model/panelModel.ts';
import { loadState, type StateStore, startingHistory } from './model/savedState.ts';
import { createSay } from './model/say.ts';
import { UndoHistory } from './model/undoHistory.ts';
import './panel.css';
import { ThumbnailCache } from './thumbnailCache.ts';
import { PanelApp } from './ui/panelApp.ts';
import { panelContext } from './ui/panelElement.ts';

// The entry point of the webview: connects to the host, loads the state and renders the panel.

declare function acquireVsCodeApi(): StateStore & { postMessage(message: unknown): void };

const vscode = acquireVsCodeApi();

const port: Port = {
  send: (message) => vscode.postMessage(message),
  listen: (listener) => {
    const receive = (event: MessageEvent) => listener(event.data);
    window.addEventListener('message', receive);
    return () => window.removeEventListener('message', receive);
  },
};

let resolveModel: (model: PanelModel) => void = () => {};
/** Resolves when the host's first answer has arrived. Messages from the host wait for that. */
const modelReady = new Promise<PanelModel>((resolve) => {
  resolveModel = resolve;
});
const withModel =
  <P>(apply: (model: PanelModel, params: P) => void) =>
  async (params: P): Promise<null> => {
    apply(await modelReady, params);
    return null;
  };

const host: HostChannel = new Channel({
  port,
  remote: hostContract,
  local: panelContract,
  handlers: {
    engine: withModel((model, engine) => model.setEngine(engine)),
    servers: withModel((model, { servers }) => model.setServers(servers)),
    job: withModel((model, job) => model.setJob(job)),
    jobPreview: withModel((model, preview) => model.setPreview(preview)),
    jobRemoved: withModel((model, { jobId }) => model.removeJob(jobId)),
    results: withModel((model, { results, problems }) => {
      model.setResults(results);
      model.reportProblems(problems);
    }),
    addImages: withModel((model, { images, replace }) => model.addImages(images, replace)),
    replaceDraft: withModel((model, { draft }) => model.edit(() => draft)),
    imageChanged: withModel((model, { uri }) => model.imageChanged(uri)),
    firstPixels: async ({ uri, raster }) => {
      preview.offer(uri, raster);
      return null;
    },
  },
  describe: (error) => ({ code: 'panel', message: messageOf(error) }),
});

const answer = host.call('ready', null);
const preview = new DraftPreview(host); // its worker starts while the host answers

async function open(): Promise<void> {
  const { strings, draft, revision, engine, jobs, previews, results, problems } = await answer;
  const language = document.documentElement.lang || 'en';
  const say = createSay(strings, language);
  const saved = loadState(vscode);
  const first = startingHistory(saved, { draft, revision });
  const history = new UndoHistory(first.history);
  const start = { engine, jobs, previews, results, revision: first.revision };
  const model = new PanelModel(say, history, start, saved?.view);
  const actions = new PanelActions(host, model);
  const saver = saveChanges(model, actions);
  if (first.revision > revision) saver.send();
  model.reportProblems(problems);

  const thumbnails = new ThumbnailCache(host, preview.firstFrame);
  model.onImageChanged((uri) => thumbnails.delete(uri));

  const root = document.querySelector<HTMLElement>('image-mixer-app');
  if (!root) throw new Error('The page has no root element');
  const panel = { model, actions, host, preview, thumbnails, formats: new Formats(language), say };
  new ContextProvider(root, { context: panelContext, initialValue: panel });
  resolveModel(model);
  await modelReady; // what the host sent before its answer comes first, so that no earlier mix is loaded
  preview.follow(model);
  await new Promise((resolve) => setTimeout(resolve)); // lets its requests leave before the page is busy with rendering
  root.replaceChildren(new PanelApp());
}

/** Saves changes as they are made, and the last ones at once when the page is left: the browser slows the timers of a hidden page. */
function saveChanges(model: PanelModel, actions: PanelActions): DraftSaver {
  const saver = new DraftSaver(model, vscode, (draft) => actions.saveDraft(draft));
  for (const event of ['blur', 'pagehide']) window.addEventListener(event, () => saver.flush());
  document.addEventListener('visibilitychange', () => saver.flush());
  model.addEventListener('draft', () => {
    if (document.hidden) saver.flush();
  });
  return saver;
}

/** Shows that the start failed. The panel's strings may be missing then, so the page carries this one sentence. */
function showStartFailure(error: unknown): void {
  const root = document.querySelector<HTMLElement>('image-mixer-app');
  root?.replaceChildren(root.dataset.failed ?? messageOf(error));
  root?.setAttribute('role', 'alert');
}

open().catch(showStartFailure);
