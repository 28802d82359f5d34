-- The schema language knows no indexes of expressions: where a lease was opened, and what moved an account's money.
CREATE INDEX "chain_event_page" ON "chain_event" ((args->>'pageId')) WHERE name = 'PageCommitted';
CREATE INDEX "chain_event_bought" ON "chain_event" ((args->>'leaseId')) WHERE name = 'ListingBought';
CREATE INDEX "chain_event_account" ON "chain_event" ((args->>'account'), name)
  WHERE name IN ('Deposited', 'Withdrawn', 'Slashed', 'Distributed');
CREATE INDEX "chain_event_to" ON "chain_event" ((args->>'to'), name) WHERE name IN ('Slashed', 'Distributed');
