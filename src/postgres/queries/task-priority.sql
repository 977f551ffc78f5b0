-- Changes the priority of a waiting task.
-- Input: $1 id, $2 priority. Output: the task. Atomicity: under task-lock.
update task t set priority = $2 where id = $1 returning task_record(t) as record
