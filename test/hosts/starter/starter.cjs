const vscode = require('vscode');

/** Opens the panel with the example images, as if selected in the Explorer. Only once, so that reloading the window keeps later changes. */
exports.activate = async ({ workspaceState }) => {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder || workspaceState.get('started')) return;
  const images = ['dunes.jpg', 'dahlia.jpg'].map((name) => vscode.Uri.joinPath(folder.uri, name));
  await vscode.commands.executeCommand('imageMixer.mixSelected', images[0], images);
  await workspaceState.update('started', true);
};
