/** What `cardhour/sdk` is: the API's client, signing in, orders with their receipts. */
export { ApiProblem, createClient } from './client.ts';
export type {
  AnswerOf,
  CallOptions,
  Client,
  ClientOptions,
  ItemOf,
  ListName,
  RequestOf,
  RouteName,
} from './client.ts';
export { isWebhookOf } from '../domain/webhooks.ts';
export { signIn } from './sign-in.ts';
export type { Signer } from './sign-in.ts';
export { checkReceipt, sendOrder } from './orders.ts';
export type { SentOrder, SignDigest } from './orders.ts';
