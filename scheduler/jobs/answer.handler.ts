import type { AnswerReport, Answers } from '../answers.ts';
import type { AnswerJob } from './answer.definition.ts';

export const handleAnswer =
  (answers: Answers, onReport: (report: AnswerReport) => void) =>
  async (_data: AnswerJob): Promise<number> => {
    const report = await answers.answerDue();
    onReport(report);
    return report.answered.length;
  };
