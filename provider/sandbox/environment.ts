/** The environment of a process we start: these entries and none of the agent's, which hold its key. */
export function only(entries: Record<string, string>): NodeJS.ProcessEnv {
  // Not returned as it is: Next's types, where they are loaded, demand a NODE_ENV of every environment.
  return Object.assign({} as NodeJS.ProcessEnv, entries);
}
