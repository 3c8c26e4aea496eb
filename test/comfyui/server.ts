import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createApp } from './app.ts';
import { addControlRoutes } from './controlRoutes.ts';
import type { ComfyUIOptions, ComfyUIServer } from './controls.ts';
import { Disk } from './disk.ts';
import { FaultTrigger } from './faults.ts';
import { Gate } from './gate.ts';
import { RequestLog } from './log.ts';
import { Process } from './process.ts';
import { scenarioNamed } from './scenarios.ts';
import { type ComfyUISettings, defaultSettings } from './settings.ts';
import type { World } from './world.ts';

export type { ComfyUIOptions, ComfyUIServer, FolderType, Hold, NodeRun, PromptEnding, StoredFile } from './controls.ts';
export type { Fault } from './faults.ts';
export type { HoldPoint } from './gate.ts';
export type { SeenRequest } from './log.ts';
export { defaultModels, type ModelFiles } from './modelFiles.ts';
export type { ComfyUISettings, Device, Door } from './settings.ts';

/** Starts a stand-in for a ComfyUI server on loopback. @throws Error for an unknown scenario, or if the port is taken. */
export async function startComfyUI(options: ComfyUIOptions = {}): Promise<ComfyUIServer> {
  const { port: wantedPort = 0, scenarios = [], ...change } = options;
  const initial: ComfyUISettings = Object.assign(
    { ...defaultSettings, ...change },
    ...scenarios.map((name) => scenarioNamed(name).settings),
  );
  const world: World = {
    settings: initial,
    disk: new Disk(),
    gate: new Gate(),
    faults: new FaultTrigger(() => world.settings.fault),
    log: new RequestLog(),
    runs: [],
    endings: [],
    restart: () => server.restart(),
  };
  let port = wantedPort;
  let process = new Process(world);
  let app: FastifyInstance | undefined;
  /** Starts and stops happen one after another. */
  let turn: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    if (app) return;
    process = new Process(world);
    app = await createApp(process, (routes) => addControlRoutes(routes, server));
    await app.listen({ port, host: '127.0.0.1' });
    // A TCP server's address always has this type.
    port = (app.server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    process.end();
    await app?.close();
    app = undefined;
  };
  const inTurn = (...actions: readonly (() => Promise<void>)[]): Promise<void> => {
    for (const action of actions) turn = turn.then(action);
    return turn;
  };

  const server: ComfyUIServer = {
    get url() {
      return `http://127.0.0.1:${port}${world.settings.basePath}`;
    },
    get settings() {
      return world.settings;
    },
    requests: world.log.requests,
    runs: world.runs,
    endings: world.endings,
    get files() {
      return world.disk.files;
    },
    get queue() {
      const { running, pending } = process.queue;
      return [...(running ? [running] : []), ...pending].map(({ id }) => id);
    },
    get sockets() {
      return process.sockets.ids;
    },
    configure(settings) {
      // A copy of the fault happens again, even if it's the same as before.
      const fault = settings.fault && { fault: { ...settings.fault } };
      world.settings = { ...world.settings, ...settings, ...fault };
    },
    scenario: (name) => server.configure(scenarioNamed(name).settings),
    reset() {
      world.settings = initial;
    },
    waitFor: (method, path, count = 1) => world.log.waitFor(method, path, count),
    waitForSockets: (count) => process.sockets.until(count),
    idle: () => process.idle(),
    hold: (point) => world.gate.hold(point),
    restart() {
      // What runs stops at once, not after the turn of another start.
      process.end();
      return inTurn(stop, start);
    },
    stop() {
      process.end();
      return inTurn(stop);
    },
    start: () => inTurn(start),
    dropSockets: (clientId) => process.sockets.drop(clientId),
    silenceSockets: () => process.sockets.silence(),
    forgetHistory: () => process.history.clear(),
    deletePending(promptId) {
      process.remove(({ id }) => id === promptId);
    },
    removeFiles: (type) => world.disk.removeAll(type),
    queueStranger: (stranger = {}) => process.submitStranger(stranger),
    close: () => server.stop(),
  };
  await server.start();
  return server;
}
