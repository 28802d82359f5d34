import { WorkOrders } from '../../client/work-orders.tsx';

export default function WorkOrdersPage() {
  return (
    <>
      <h1>Work orders</h1>
      <p className="quiet">
        Leases of pools that a person provisions. Give the consumer access to its cards before the deadline,
        and take it back when the lease is over. Your wallet signs what you do; it costs nothing.
      </p>
      <WorkOrders />
    </>
  );
}
