import { boundNodes, unusedParts } from '../engines/comfyui/workflow.ts';
import { MixFailure } from '../mix/failure.ts';
import type { ComfyuiView } from '../protocol/serverContract.ts';
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
export async function viewOfComfyui({
  settings,
  servers,
  workspace,
  messages,
}: ComfyuiViewOptions): Promise<ComfyuiView> {
  const folder = workspace.firstFolder();
  const { workflow, checkpoint, preset, imageStrength } = settings.comfyui(folder);
  const isAsked = servers.known.length > 0 || settings.get('comfyui.servers').length === 0;
  return {
    preset,
    imageStrength,
    workflow: workflow === '' ? null : await viewOfWorkflow(workflow, folder, workspace, messages),
    servers: isAsked ? servers.known.map((server) => viewOfServer(server, { checkpoint, preset }, messages)) : null,
  };
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
