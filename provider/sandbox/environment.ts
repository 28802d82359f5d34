/** The environment of a process we start: these entries and none of the agent's, which hold its key. */
export function only(entries: Record<string, string>): NodeJS.ProcessEnv {
  return entries;
}
