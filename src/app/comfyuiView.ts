import { boundNodes, unusedParts } from '../engines/comfyui/workflow.ts';
import { MixFailure } from '../mix/failure.ts';
import type { ComfyuiView, ServerView } from '../protocol/serverContract.ts';
import type { Messages } from './messages/messages.ts';
import type { Workspace } from './ports.ts';
import type { ServerStates } from './serverStates.ts';
import { viewOfServer } from './serverView.ts';
import type { Settings } from './settings.ts';
import { readWorkflow } from './workflowFile.ts';

export interface ComfyuiViewOptions {
  readonly settings: Settings;
  readonly servers: ServerStates;
  readonly workspace: Workspace;
  readonly messages: Messages;
}

/** How mixes on ComfyUI servers are made now, as the panel shows it. Call it in trusted workspaces only. */
export async function viewOfComfyui(options: ComfyuiViewOptions): Promise<ComfyuiView> {
  const { settings, workspace, messages } = options;
  const folder = workspace.firstFolder();
  const { workflow, preset, imageStrength } = settings.comfyui(folder);
  return {
    preset,
    imageStrength,
    workflow: workflow === '' ? null : await viewOfWorkflow(workflow, folder, workspace, messages),
    servers: viewsOfServers(options),
  };
}

/** The servers as they last answered; null while they haven't been asked. */
export function viewsOfServers({ settings, servers, workspace, messages }: ComfyuiViewOptions): ServerView[] | null {
  const { checkpoint, preset } = settings.comfyui(workspace.firstFolder());
  const isAsked = servers.known.length > 0 || settings.get('comfyui.servers').length === 0;
  return isAsked ? servers.known.map((server) => viewOfServer(server, { checkpoint, preset }, messages)) : null;
}

async function viewOfWorkflow(
  path: string,
  folder: string | undefined,
  workspace: Workspace,
  messages: Messages,
): Promise<NonNullable<ComfyuiView['workflow']>> {
  try {
    const workflow = await readWorkflow(path, folder, (file) => workspace.displayPath(file));
    return { name: workflow.name, problem: null, ignores: [...unusedParts(boundNodes(workflow))] };
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    return { name: path, problem: messages.failure(error), ignores: [] };
  }
}
