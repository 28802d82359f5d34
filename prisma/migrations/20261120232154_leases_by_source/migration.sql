-- CreateIndex
CREATE INDEX "lease_sourceId_idx" ON "lease"("sourceId");
