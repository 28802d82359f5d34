import { Balances } from './client/balances.tsx';
import { MarketTable } from './client/market-table.tsx';
import { Summary } from './client/summary.tsx';

export default function MarketPage() {
  return (
    <>
      <h1>Market</h1>
      <Summary />
      <Balances />
      <MarketTable />
    </>
  );
}
