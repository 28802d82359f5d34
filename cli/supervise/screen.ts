/** One line a part: "… chain 3 s" while it comes up, then "✓ chain 3.4 s". */
export interface Screen {
  /** Begins a line; its detail may change while the part comes up. */
  begin(name: string): Line;
  /** A line of its own. */
  say(text: string): void;
  close(): void;
}

export interface Line {
  detail(text: string): void;
  done(note?: string): void;
  failed(): void;
}

interface Row {
  name: string;
  detail: string;
  started: number;
}

const TICK_MS = 200;
const CLEAR_LINE = '\u001b[2K';

/** A terminal shows what is under way and counts; a file gets the finished lines alone. */
export function openScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  const live = out.isTTY;
  const rows = new Set<Row>();
  let drawn = 0;
  // Whoever read our output may be gone: that is no reason to fall.
  out.on('error', () => undefined);

  const seconds = (row: Row): string => ((performance.now() - row.started) / 1000).toFixed(1);
  const width = (): number => Math.max(20, out.columns || 80);
  const erase = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\r\u001b[J`);
  const draw = (finished = ''): void => {
    if (!live) {
      if (finished !== '') out.write(finished);
      return;
    }
    const open = [...rows].map((row) => {
      const detail = row.detail === '' ? '' : `  ${row.detail}`;
      return (
        `${CLEAR_LINE}… ${row.name}  ${seconds(row)} s${detail}`.slice(0, width() + CLEAR_LINE.length - 1) +
        '\n'
      );
    });
    out.write(erase() + finished + open.join(''));
    drawn = open.length;
  };
  const timer = live ? setInterval(() => rows.size > 0 && draw(), TICK_MS) : undefined;
  timer?.unref();

  return {
    begin(name) {
      const row: Row = { name, detail: '', started: performance.now() };
      rows.add(row);
      draw();
      const end = (mark: string, note = ''): void => {
        if (!rows.delete(row)) return;
        draw(`${mark} ${name}  ${seconds(row)} s${note === '' ? '' : `  ${note}`}\n`);
      };
      return {
        detail: (text) => void (row.detail = text),
        done: (note) => end('✓', note),
        failed: () => end('✗'),
      };
    },
    say: (text) => draw(`${text}\n`),
    close() {
      clearInterval(timer);
      rows.clear();
      draw();
    },
  };
}
