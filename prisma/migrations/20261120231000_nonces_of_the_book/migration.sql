-- Whether an account has signed a nonce before is asked for each message. The schema language has no such index.
CREATE INDEX "order_consumer_nonce_idx" ON "order" ("consumer", ("message"->'order'->>'nonce'));
CREATE INDEX "ask_provider_nonce_idx" ON "ask" ("provider", ("message"->>'nonce'));
CREATE INDEX "listing_provider_nonce_idx" ON "listing" ("provider", ("message"->>'nonce'));
