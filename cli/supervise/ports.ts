import { createServer } from 'node:net';
import { Refusal } from '../../domain/refusal.ts';

/**
 * Binds the port for a moment, so that a taken one is told before anything starts.
 * @throws Refusal PORT_IN_USE
 */
export async function claimPort(port: number, purpose: string, variable: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EACCES' ? 'may not be used by this account' : 'is in use';
      reject(
        new Refusal(
          'PORT_IN_USE',
          `Port ${port}, which ${purpose} needs, ${reason}.`,
          `Stop the program that holds it, or set ${variable} to a free port.`,
        ),
      );
    });
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

/** Any free port of loopback. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
