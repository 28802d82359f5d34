/**
 * Flags for the Node that runs an agent. Young objects get 2 MiB instead of 16: an agent's are small and die soon, and of its memory a
 * third was room that they had taken once in a burst.
 */
export const AGENT_FLAGS = ['--max-semi-space-size=2'];
