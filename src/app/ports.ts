// What the application asks of its host. VS Code, the command line and the tests implement it.

/** Something that can be stopped or released. */
export interface Disposable {
  dispose(): void;
}

/** Registers a listener. */
export type Event = (listener: () => void) => Disposable;

/** Settings as the user wrote them, not validated. */
export interface SettingSource {
  /** The value of `imageMixer.NAME`. @param folder absolute path of the workspace folder, for settings that can differ by folder. */
  read(name: string, folder?: string): unknown;
  readonly onChange: Event;
}

/** Encrypted storage for keys. */
export interface Secrets {
  get(name: string): Promise<string | undefined>;
  store(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** Calls the listener with the name of a secret that changed, in this window or another one. */
  onChange(listener: (name: string) => void): Disposable;
}

/** Storage for small JSON values that belong to the workspace. */
export interface KeyValueStore {
  get(key: string): unknown;
  update(key: string, value: unknown): Promise<void>;
}

/** A question that the user answers with yes or no. */
export interface Question {
  readonly message: string;
  readonly detail: string;
  /** The label of the button for yes. */
  readonly yes: string;
  /** Whether yes deletes something: if so, the question is shown as a warning. */
  readonly isDestructive: boolean;
}

/** Asks the user. */
export interface Questions {
  /** Resolves with false if the user declines or closes the question. */
  confirm(question: Question): Promise<boolean>;
}

/** The open workspace. Paths are absolute. */
export interface Workspace {
  /** False in Restricted Mode. */
  isTrusted(): boolean;
  readonly onTrust: Event;
  /** The first workspace folder; undefined if none is open. */
  firstFolder(): string | undefined;
  /** The workspace folder that a file is in. */
  folderOf(path: string): string | undefined;
  /** The path to display: relative to its workspace folder, if it has one. */
  displayPath(path: string): string;
}
