import { Balances } from '../client/balances.tsx';
import { Mine } from '../client/mine.tsx';

export default function MyPage() {
  return (
    <>
      <h1>My orders and leases</h1>
      <Balances />
      <Mine />
    </>
  );
}
