-- AlterTable
ALTER TABLE "lease_report" ADD COLUMN     "endedAt" BIGINT,
ADD COLUMN     "startedAt" BIGINT;
