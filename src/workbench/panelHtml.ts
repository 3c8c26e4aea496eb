import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Messages } from '../app/messages/messages.ts';
import { escapeAttribute } from '../app/resultLink.ts';

/** The folders that the panel may load from: its bundle only. */
export function panelRoots(extension: vscode.Uri): vscode.Uri[] {
  return [vscode.Uri.joinPath(extension, 'dist', 'webview')];
}

/** The panel's page. It loads its bundle and nothing from the network; scripts need the nonce. */
export function panelHtml(webview: vscode.Webview, extension: vscode.Uri, messages: Messages): string {
  const nonce = randomBytes(18).toString('base64');
  const file = (name: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(extension, 'dist', 'webview', name)).toString();
  const policy = [
    `default-src 'none'`,
    `img-src blob:`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}' 'wasm-unsafe-eval'`, // the preview's worker blends in WebAssembly
    `worker-src blob:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${file('panel.css')}">
<title>Image Mixer</title>
</head>
<body>
<image-mixer-app data-failed="${escapeAttribute(messages.panelString('panel.error.noAnswer'))}"></image-mixer-app>
<script nonce="${nonce}" src="${file('panel.js')}"></script>
</body>
</html>`;
}
