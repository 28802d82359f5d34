/** A thread that recovers signers: each share comes with a port of its own, on which they go back in its order. */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { recoverSigner } from '../../domain/signature.ts';
import type { Unrecovered } from './signers.ts';

parentPort!.on('message', ({ share, port }: { share: Unrecovered[]; port: MessagePort }) => {
  port.postMessage(share.map(({ id, signature }) => recoverSigner(id, signature)));
});
