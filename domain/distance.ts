/** How far a node's state is from a task's wish (002, Eq. 5). Components are 0 to 10,000; so is no more than 10^8 the result. */
export interface Resources {
  compute: number;
  network: number;
  storage: number;
}

export function distance(task: Resources, node: Resources): number {
  const c = task.compute - node.compute;
  const l = task.network - node.network;
  const s = task.storage - node.storage;
  return Math.floor((c * c + l * l + s * s) / 3);
}
