import { type Scenario, scenario } from '../scenario.ts';

/** What guards the server, and its limits. */
export const doors: readonly Scenario[] = [
  scenario('authorization', '401 without `Authorization: Bearer comfyui-secret-51c0`', 'send it, on the upgrade too', {
    door: { kind: 'authorization', value: 'Bearer comfyui-secret-51c0' },
  }),
  scenario('login-redirect', '302 to a login page', "don't follow; report that a sign-in is needed", {
    door: { kind: 'login-redirect' },
  }),
  scenario('login-page', 'HTML of a login page with status 200', 'report that a sign-in is needed', {
    door: { kind: 'login-page' },
  }),
  scenario('other-server', 'JSON that has nothing to do with ComfyUI', "report that it isn't ComfyUI", {
    door: { kind: 'other-server' },
  }),
  scenario('no-websocket', '502 for WebSocket upgrades', 'poll', { door: { kind: 'no-websocket' } }),
  scenario('hanging-websocket', 'no answer to WebSocket upgrades', "poll; don't wait for each mix", {
    door: { kind: 'hanging-websocket' },
  }),
  scenario('small-upload-limit', '413 for bodies over 8 KB', 'send smaller images, or report the limit', {
    uploadLimit: 8192,
  }),
];
