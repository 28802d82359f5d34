/** Where a webhook may go: a public address over HTTPS. What lies inside the network is nobody's to be reached through the market. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { Refusal } from '../../../domain/refusal.ts';

const INSIDE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  INSIDE.addSubnet(net, bits, 'ipv4');
// Of IPv6 only the global unicast addresses are outside, less those that carry others in them.
const OUTSIDE6 = new BlockList();
OUTSIDE6.addSubnet('2000::', 3, 'ipv6');
const CARRIERS6 = new BlockList();
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  CARRIERS6.addSubnet(net, bits, 'ipv6');

export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !INSIDE.check(address, 'ipv4');
  return isIP(address) === 6 && OUTSIDE6.check(address, 'ipv6') && !CARRIERS6.check(address, 'ipv6');
}

export interface TargetRules {
  /** Plain HTTP and addresses inside the network are fine: tests, and markets that have their own network alone. */
  inside: boolean;
}

export interface Target {
  url: URL;
  /** The address that was checked: it is connected to, whatever the name says a moment later. */
  address: string;
}

type Resolve = (host: string) => Promise<string[]>;
const resolveAll: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/** What the text alone says. @throws Refusal BAD_TARGET */
export function targetUrl(text: string, { inside }: TargetRules): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !(url.protocol === 'https:' || (inside && url.protocol === 'http:')))
    throw bad('The target is no https:// address.');
  if (url.username !== '' || url.password !== '') throw bad('The target holds a name or a password.');
  if (!inside && url.port !== '' && url.port !== '443' && url.port !== '8443')
    throw bad(`Port ${url.port} is none of HTTPS.`);
  return url;
}

/** With the address behind the name: every one of them has to be public. @throws Refusal BAD_TARGET */
export async function targetOf(
  text: string,
  rules: TargetRules,
  resolve: Resolve = resolveAll,
): Promise<Target> {
  const url = targetUrl(text, rules);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) !== 0 ? [host] : await resolve(host).catch(() => []);
  const [address] = addresses;
  if (address === undefined) throw bad(`${host} has no address.`);
  if (!rules.inside && !addresses.every(isPublic)) throw bad(`${host} is inside the network.`);
  return { url, address };
}

function bad(sentence: string): Refusal {
  return new Refusal('BAD_TARGET', sentence, 'Name a public address, as https://you.example/hook.');
}
