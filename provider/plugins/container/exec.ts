/** A command beside the lease's own, in the same container and under the same limits. */
import { finished } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { PluginError } from '../../plugin/errors.ts';
import type { Params, Result } from '../../plugin/protocol.ts';

const MOST_BYTES = 262_144;

/** @throws PluginError REFUSED when the command outlasts its seconds; it goes on within the container's limits */
export async function execIn(
  engine: Docker,
  container: Docker.Container,
  { command, seconds }: Params<'exec'>,
): Promise<Result<'exec'>> {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin: false });
  const [out, error] = [collect(), collect()];
  engine.modem.demuxStream(stream, out.stream, error.stream);
  const ended = finished(stream, { writable: false }).catch(() => undefined);
  const inTime = await Promise.race([ended.then(() => true), sleep(seconds * 1_000, false)]);
  stream.destroy();
  if (!inTime) throw new PluginError('REFUSED', `The command did not end within ${seconds} s.`);
  const { ExitCode: exitCode } = await exec.inspect();
  return { exitCode: (exitCode ?? 0) & 0xff, stdoutBase64: out.base64(), stderrBase64: error.base64() };
}

function collect() {
  const parts: Buffer[] = [];
  let size = 0;
  const stream = new PassThrough();
  stream.on('data', (bytes: Buffer) => {
    const room = bytes.subarray(0, MOST_BYTES - size);
    size += room.length;
    if (room.length > 0) parts.push(room);
  });
  return { stream, base64: () => Buffer.concat(parts).toString('base64') };
}
