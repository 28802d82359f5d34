-- CreateTable
CREATE TABLE "lease_usage" (
    "leaseId" BIGINT NOT NULL,
    "hour" BIGINT NOT NULL,
    "cpuMs" BIGINT NOT NULL,
    "cpus" INTEGER NOT NULL,

    CONSTRAINT "lease_usage_pkey" PRIMARY KEY ("leaseId","hour")
);
