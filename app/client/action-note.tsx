import type { Action } from './use-action.ts';

/** What an action is doing, or how it ended. */
export function ActionNote({ action }: { action: Action }) {
  if (action.step !== null) {
    return (
      <p className="note working" role="status">
        {action.step}
      </p>
    );
  }
  if (action.failure !== null) {
    return (
      <p className="note bad" role="alert">
        {action.failure.sentence} <em>{action.failure.fix}</em>
      </p>
    );
  }
  return action.done === null ? null : (
    <p className="note good" role="status">
      {action.done}
    </p>
  );
}
