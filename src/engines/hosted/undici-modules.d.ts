// undici's root module installs a process-wide dispatcher when it is loaded; these inner modules don't.
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}
