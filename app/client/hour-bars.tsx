/** A day as 24 bars, oldest left: share of the height, and a tone from 0 (idle) to 3 (full). */
export function HourBars({ values, label }: { values: { share: number; tone: number }[]; label: string }) {
  const width = 5;
  const height = 24;
  return (
    <svg className="hours" viewBox={`0 0 ${values.length * width} ${height}`} role="img" aria-label={label}>
      <title>{label}</title>
      <line x1={0} x2={values.length * width} y1={height - 0.5} y2={height - 0.5} />
      {values.map(({ share, tone }, hour) => {
        const tall = Math.max(share > 0 ? 1.5 : 0, Math.min(1, share) * (height - 2));
        return (
          <rect
            key={hour}
            className={`tone-${tone}`}
            x={hour * width}
            y={height - 1 - tall}
            width={width - 1}
            height={tall}
          />
        );
      })}
    </svg>
  );
}
