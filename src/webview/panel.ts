import { emptyDraft } from '../mix/draft.ts';
import { Channel, type Port } from '../protocol/channel.ts';
import { hostContract, panelContract } from '../protocol/contract.ts';
import { Actions, type Host, messageOf } from './model/actions.ts';
import { debounce, throttle } from './model/debounce.ts';
import { History } from './model/history.ts';
import { PanelModel } from './model/panelModel.ts';
import { keepState, loadState, type StateStore } from './model/savedState.ts';
import { Formats, createSay } from './model/text.ts';
import './panel.css';
import { Thumbnails } from './thumbnails.ts';
import { App } from './ui/app.ts';

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

let setModel: (model: PanelModel) => void = () => {};
/** Resolves once the host has told how things stand; its events wait for that. */
const model = new Promise<PanelModel>((resolve) => {
  setModel = resolve;
});
const withModel =
  <P>(act: (model: PanelModel, params: P) => void) =>
  async (params: P): Promise<null> => {
    act(await model, params);
    return null;
  };

const host: Host = new Channel({
  port,
  remote: hostContract,
  local: panelContract,
  handlers: {
    engine: withModel((to, engine) => to.setEngine(engine)),
    job: withModel((to, job) => to.setJob(job)),
    jobRemoved: withModel((to, { jobId }) => to.removeJob(jobId)),
    results: withModel((to, { results }) => to.setResults(results)),
    addImages: withModel((to, { images, replace }) => to.addImages(images, replace)),
    replaceDraft: withModel((to, { draft }) => to.edit(() => draft)),
    pictureChanged: withModel((to, { uri }) => to.pictureChanged(uri)),
    problem: withModel((to, problem) => to.report([problem])),
  },
  describe: (error) => ({ code: 'panel', message: messageOf(error) }),
});

async function start(): Promise<void> {
  const { strings, draft, engine, jobs, results } = await host.call('ready', null);
  const language = document.documentElement.lang || 'en';
  const say = createSay(strings, language);
  const kept = loadState(vscode);
  const history = new History(kept?.history ?? { past: [], present: draft ?? emptyDraft, future: [] });
  const panelModel = new PanelModel(say, history, { engine, jobs, results }, kept?.view);
  const actions = new Actions(host, panelModel);

  // At once: a click elsewhere takes the page away.
  const keep = throttle(() => {
    const { filter, showsCoverage } = panelModel;
    keepState(vscode, { history: panelModel.history.snapshot(), view: { filter, showsCoverage } });
  }, 100);
  const save = debounce(() => void actions.saveDraft(), 500);
  panelModel.addEventListener('draft', () => {
    keep();
    save();
  });
  panelModel.addEventListener('view', keep);
  // Whoever leaves the panel may run a command that reads the draft.
  for (const leaving of ['blur', 'pagehide']) {
    window.addEventListener(leaving, () => {
      keep.flush();
      save.flush();
    });
  }

  const thumbnails = new Thumbnails(host);
  panelModel.onPictureChanged((uri) => thumbnails.forget(uri));

  const app = new App();
  app.panel = {
    model: panelModel,
    actions,
    host,
    thumbnails,
    formats: new Formats(language),
    say,
  };
  document.querySelector('image-mixer-app')?.replaceChildren(app);
  setModel(panelModel);
}

/** Before the panel could be told its sentences, the page itself holds the one that it needs. */
function tellFailure(error: unknown): void {
  const place = document.querySelector<HTMLElement>('image-mixer-app');
  place?.replaceChildren(place.dataset.failed ?? messageOf(error));
  place?.setAttribute('role', 'alert');
}

start().catch(tellFailure);
