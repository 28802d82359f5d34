import { feeUp, owed } from '../../domain/units.ts';
import { money } from './format.ts';
import { useMarket } from './market.ts';

/** What a lease of these terms costs, before anything is signed. */
export function Cost({
  cards,
  duration,
  rate,
  atMost,
}: {
  cards: number;
  duration: number;
  rate: bigint;
  atMost: boolean;
}) {
  const { deployment, symbol } = useMarket();
  const price = owed(cards, duration, rate);
  const fee = feeUp(price, deployment.parameters.feeBps);
  const cardHours = (cards * duration) / 3600;
  return (
    <dl className="cost">
      <div>
        <dt>{Number(cardHours.toFixed(3))} card-hours</dt>
        <dd>
          {atMost ? 'at most ' : ''}
          {money(price, 6)} {symbol}
        </dd>
      </div>
      <div>
        <dt>Fee, {deployment.parameters.feeBps / 100} %</dt>
        <dd>
          {money(fee, 6)} {symbol}
        </dd>
      </div>
      <div className="total">
        <dt>The most it can cost</dt>
        <dd data-testid="cost">
          {money(price + fee, 6)} {symbol}
        </dd>
      </div>
    </dl>
  );
}
