export type { ComfyUIOptions, ComfyUIServer, FolderType, Hold, NodeRun, StoredFile } from './controls.ts';
export type { Fault } from './faults.ts';
export type { HoldPoint } from './gate.ts';
export type { SeenRequest } from './log.ts';
export type { ModelFiles } from './modelFiles.ts';
export type { ComfyUISettings, Device, Door } from './settings.ts';
