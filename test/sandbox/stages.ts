/** What a request to the service is for; scenarios are switched stage by stage. `webhook` is the service's own call. */
export const stages = ['upload', 'mix', 'poll', 'download', 'balance', 'webhook'] as const;
export type Stage = (typeof stages)[number];
/** A stage at which the client asks. */
export type RequestStage = Exclude<Stage, 'webhook'>;

/** The two wire forms of the endpoint. */
export type DialectName = 'v5' | 'v6';
