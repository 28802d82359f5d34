/** The newest clearing prices of a class as a small line, oldest left; its text says the numbers. */
export function PriceLine({ prices, label }: { prices: bigint[]; label: string }) {
  if (prices.length < 3) return null;
  const values = prices.map(Number).reverse();
  const low = Math.min(...values);
  const high = Math.max(...values);
  const width = 96;
  const height = 24;
  const points = values
    .map((value, index) => {
      const x = (index / (values.length - 1)) * (width - 4) + 2;
      const y = high === low ? height / 2 : height - 3 - ((value - low) / (high - low)) * (height - 6);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
  return (
    <svg className="spark" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <title>{label}</title>
      <polyline points={points} />
    </svg>
  );
}
