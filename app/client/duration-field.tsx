'use client';

import { useState } from 'react';

const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;
type Unit = keyof typeof UNITS;

/** A duration in minutes, hours or days; gives seconds. */
export function DurationField({
  seconds,
  onChange,
}: {
  seconds: number;
  onChange: (seconds: number) => void;
}) {
  const [unit, setUnit] = useState<Unit>('hours');
  const [count, setCount] = useState(String(seconds / UNITS.hours));
  const change = (nextCount: string, nextUnit: Unit): void => {
    setCount(nextCount);
    setUnit(nextUnit);
    onChange(Math.round((Number(nextCount) || 0) * UNITS[nextUnit]));
  };
  return (
    <label>
      For
      <span className="joined">
        <input
          aria-label="Duration"
          inputMode="decimal"
          value={count}
          onChange={(event) => {
            change(event.target.value, unit);
          }}
        />
        <select
          aria-label="Unit of the duration"
          value={unit}
          onChange={(event) => {
            change(count, event.target.value as Unit);
          }}
        >
          {Object.keys(UNITS).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </span>
    </label>
  );
}
