/** What a request to the service is for. Each stage has its own scenario. `webhook` is the service's own call. */
export const stages = ['upload', 'mix', 'poll', 'download', 'balance', 'webhook'] as const;
export type Stage = (typeof stages)[number];
/** A stage at which the client sends a request. */
export type RequestStage = Exclude<Stage, 'webhook'>;

/** The two versions of the endpoint's API. */
export type DialectName = 'v5' | 'v6';
