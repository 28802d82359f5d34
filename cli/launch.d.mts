/** What the launcher exports for its tests; it is plain JavaScript, so that any Node runs it before anything is installed. */
export function isInstalled(root: string): boolean;
export function cleanEnvironment(source: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
export function target(words: readonly string[]): { command: string; args: string[]; cwd?: string };
