import * as vscode from 'vscode';

const scheme = 'image-mixer-report';

/** A read-only Markdown document, which is replaced each time it's shown. */
export class ReportDocument implements vscode.Disposable {
  readonly #uri = vscode.Uri.from({ scheme, path: '/ComfyUI.md' });
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  #text = '';

  constructor() {
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, {
      onDidChange: this.#changed.event,
      provideTextDocumentContent: () => this.#text,
    });
  }

  /** Shows the text in VS Code's preview of Markdown, or as it is if that is turned off. */
  async show(text: string): Promise<void> {
    this.#text = text;
    this.#changed.fire(this.#uri);
    if (vscode.extensions.getExtension('vscode.markdown-language-features')) {
      await vscode.commands.executeCommand('markdown.showPreview', this.#uri);
    } else {
      await vscode.window.showTextDocument(this.#uri);
    }
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
