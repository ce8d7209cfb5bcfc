Feature: Images, voice and report in one window
  A radiologist reads a case from the first image to the report that the RIS holds.

  Background:
    Given a RIS that has ordered a report for a chest CT of five images
    And the window of the workstation

  Scenario: A radiologist reads, dictates, signs and sees the report confirmed
    When the radiologist opens the case from the worklist
    And scrolls through the images
    And takes over why the examination was asked for
    And dictates the findings
    And types "Growing nodule in the right upper lobe." as the impression
    And signs the report as final
    Then the report is shown as confirmed
    And nobody can write into it any more
    And the RIS holds what was dictated and typed, once, as final
    And the worklist shows the case as confirmed

  Scenario: A radiologist who has seen none of the images cannot sign
    When the radiologist opens the case from the worklist
    And types "Normal." as the impression
    And no image of the study has been seen
    And signs the report as final
    Then the window says "No image of this very study has been shown"
    And the report is still a draft
    And the RIS holds no report

  Scenario: What was written is there again after the program was closed
    When the radiologist opens the case from the worklist
    And types "Normal." as the impression
    And closes the workstation and starts it again
    Then the worklist shows the case as draft
    When the radiologist opens the case from the worklist
    Then the impression reads "Normal."
    And the window says "A draft was recovered"
