Feature: Nothing is lost and nothing is sent twice when the workstation dies
  A reader's computer loses its battery, a process is killed, a program crashes.
  What was shown as saved is there afterwards, and the RIS holds each report once.

  Background:
    Given a RIS with an order for a chest CT
    And a reader who has the report of that order open

  Scenario: Killed while dictating
    When the reader dictates and the workstation is killed at a random moment, 8 times
    Then every segment that was acknowledged is in the draft, in order
    And the draft is offered again after the restart

  Scenario: Killed between signing and sending
    Given the reader has dictated the findings
    When the reader signs
    And the workstation is killed
    Then the report is signed and waits in the outbox
    When the workstation starts again and delivers
    Then the RIS holds exactly one report with the dictated words
    And the report is confirmed by reading it back

  Scenario: Killed between sending and the answer
    Given the reader has dictated the findings
    And the RIS takes reports but its answer does not come
    When the reader signs
    And the report is under way
    And the workstation is killed
    Then the outbox says that the outcome is unknown
    When the workstation starts again and delivers
    Then the RIS holds exactly one report with the dictated words
    And the report is confirmed by reading it back
    And the report was sent once
    And nothing is left to do

  Scenario: Killed before the RIS got it
    Given the reader has dictated the findings
    And the way to the RIS swallows the report
    When the reader signs
    And the report is under way
    And the workstation is killed
    Then the outbox says that the outcome is unknown
    When the workstation starts again and delivers
    Then the RIS holds exactly one report with the dictated words
    And the report is confirmed by reading it back
