const vscode = require('vscode');

/** Mixes the example images, as if selected in the explorer: once, so that a reload of the window keeps what was changed since. */
exports.activate = async ({ workspaceState }) => {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder || workspaceState.get('started')) return;
  const images = ['dunes.jpg', 'dahlia.jpg'].map((name) => vscode.Uri.joinPath(folder.uri, name));
  await vscode.commands.executeCommand('imageMixer.mixSelected', images[0], images);
  await workspaceState.update('started', true);
};
