declare module 'static-kdtree' {
  interface KDTree {
    /** Index of the nearest point; of several, any. */
    nn(point: readonly number[]): number;
    dispose(): void;
  }
  export default function createKDTree(points: readonly (readonly number[])[]): KDTree;
}
