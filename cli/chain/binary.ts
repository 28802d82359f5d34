import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';

/**
 * The anvil program itself, not the Node wrapper that npm puts into `.bin`: a signal or a kill then reaches the chain
 * and leaves no orphan.
 * @throws Error when the package for this platform is not installed
 */
export function anvilBinary(): string {
  const cpu = arch() === 'x64' ? 'amd64' : arch();
  const require = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'));
  const program = platform() === 'win32' ? 'anvil.exe' : 'anvil';
  return require.resolve(`@foundry-rs/anvil-${platform()}-${cpu}/bin/${program}`);
}
