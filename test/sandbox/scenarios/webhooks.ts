import type { Scenario } from '../scenario.ts';

/** How often the webhook is called. Without one of these scenarios, it is called once. */
export const webhookScenarios: readonly Scenario[] = [
  {
    name: 'webhook-twice',
    stage: 'webhook',
    answers: 'the webhook is called twice with the same body',
    client: "poll; the webhook isn't for the client",
    effect: { kind: 'webhook', deliveries: 2 },
  },
  {
    name: 'webhook-never',
    stage: 'webhook',
    answers: 'the webhook is never called',
    client: "poll; the webhook isn't for the client",
    effect: { kind: 'webhook', deliveries: 0 },
  },
];
