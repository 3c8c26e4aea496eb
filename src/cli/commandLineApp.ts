import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { apiKeySecret } from '../app/apiKeys.ts';
import { Application } from '../app/application.ts';
import { usesService } from '../app/engineChoice.ts';
import { authorizationSecret } from '../app/serverAuthorizations.ts';
import { isValidSetting, type SettingName } from '../app/settings.ts';
import { MixFailure } from '../mix/failure.ts';
import { environmentRules } from '../network/connectionRules.ts';
import type { Invocation } from './invocation.ts';

const noEvent = () => ({ dispose: () => {} });

/**
 * The application for the command line: the recipe's folder is the workspace, and nobody is asked.
 * @param tell shows a line about something that went wrong.
 * @throws MixFailure if the engine to run needs a base URL, and that isn't one, or if the servers' authorization would go to several.
 */
export function createCommandLineApp(
  { recipe, engine, environment }: Invocation,
  tell: (line: string) => void,
): Application {
  // An invalid setting counts as unset, but then the key would go to the default service, which it isn't for.
  const isUrlValid = isValidSetting('hosted.baseUrl', environment.IMAGE_MIXER_BASE_URL);
  if (usesService(engine) && !isUrlValid) throw new MixFailure('network/bad-base-url', { retryable: false });
  const folder = dirname(recipe);
  const storage = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'image-mixer');
  const settings = new Map<string, unknown>(
    Object.entries({
      engine,
      'hosted.baseUrl': environment.IMAGE_MIXER_BASE_URL,
      'hosted.dialect': environment.IMAGE_MIXER_DIALECT,
      'hosted.uploads': 'allow', // running the command is the consent
      'hosted.maxConcurrent': 1,
      'comfyui.servers': environment.IMAGE_MIXER_COMFYUI_SERVERS,
    } satisfies Partial<Record<SettingName, unknown>>),
  );
  const app: Application = new Application({
    settings: { read: (name) => settings.get(name), onChange: noEvent },
    secrets: {
      // Jobs of earlier runs may belong to another service or server, which must not get these.
      get: async (name) => {
        if (isUrlValid && name === apiKeySecret(app.services.origin())) return environment.IMAGE_MIXER_API_KEY;
        const [server, ...others] = app.comfyui.origins();
        const isServer = server !== undefined && others.length === 0 && name === authorizationSecret(server);
        return isServer ? environment.IMAGE_MIXER_COMFYUI_AUTHORIZATION : undefined;
      },
      store: async () => {},
      delete: async () => {},
      onChange: noEvent,
    },
    store: { get: () => undefined, update: async () => {} },
    questions: { confirm: async () => false },
    workspace: {
      isTrusted: () => true,
      onTrust: noEvent,
      firstFolder: () => folder,
      folderOf: () => folder,
      displayPath: (path) => path,
    },
    networkRules: () => environmentRules(process.env),
    globalStorage: storage,
    storage,
    windowStorage: storage,
    bundles: __dirname,
    examples: async () => [],
    translate: (sentence) => sentence,
    log: (level, line) => {
      if (level === 'error') tell(line);
    },
    warn: tell,
  });
  const isForAll = environment.IMAGE_MIXER_COMFYUI_AUTHORIZATION === '' || app.comfyui.origins().length <= 1;
  if (engine === 'comfyui' && !isForAll) throw new MixFailure('network/comfyui-authorization', { retryable: false });
  return app;
}
