/** What every fold reads an event with. */
import type { MarketState } from '../market-state.ts';
import type { Hex, MarketEvent } from '../types.ts';

export type Fold = (state: MarketState, args: Arguments, event: MarketEvent) => void;

/** Typed reads of an event's arguments; a wrong type is a decoder's bug and says where. */
export class Arguments {
  readonly #event: MarketEvent;

  constructor(event: MarketEvent) {
    this.#event = event;
  }

  #get(name: string, type: string): unknown {
    const value = this.#event.args[name];
    if (typeof value !== type)
      throw new TypeError(`${this.#event.name}.${name} is ${typeof value}, not ${type}`);
    return value;
  }

  hex(name: string): Hex {
    return this.#get(name, 'string') as Hex;
  }

  /** A nested struct. */
  tuple(name: string): Arguments {
    const args = this.#get(name, 'object') as Record<string, unknown>;
    return new Arguments({ ...this.#event, args });
  }

  text(name: string): string {
    return this.#get(name, 'string') as string;
  }

  big(name: string): bigint {
    return this.#get(name, 'bigint') as bigint;
  }

  int(name: string): number {
    return this.#get(name, 'number') as number;
  }
}

/** @throws Error when no earlier event made it: events out of order */
export function known<K, V>(map: Map<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`an event names ${String(key)}, which no earlier event made`);
  return value;
}
