/** Reads a pool's settings: what is wrong with them is said as BAD_SETTINGS, with the setting's name. */
import { PluginError } from './errors.ts';
import { check, listOf, mapOf, ShapeError, text, type Shape } from './shape.ts';

/** A pool's cards by class, each by the name that its platform knows it by. */
export const CARDS = mapOf(listOf(text(128, /^[^\s,]+$/, "a card's name without spaces"), 4_096), 256);

/** @throws PluginError BAD_SETTINGS */
export function readSettings<T>(shape: Shape<T>, settings: Record<string, unknown>): T {
  try {
    return check(shape, settings, 'settings');
  } catch (error) {
    if (error instanceof ShapeError) throw new PluginError('BAD_SETTINGS', `${error.message}.`);
    throw error;
  }
}
